//! The type files: each is whole, and says where its objects are.

use aurak_model::Files;
use aurak_rest::RestType;

use crate::types::{FILES, GIVEN, all};

#[test]
fn every_file_holds_no_mistakes_and_says_where_its_objects_are() {
    for (file, text) in FILES {
        let mut files = Files::default();
        if let Err(found) = aurak_api::type_file::load(&mut files, file, text) {
            panic!("{file}: {found:#?}");
        }
        let ty = RestType::load(file, text, GIVEN).unwrap_or_else(|bad| panic!("{bad}"));
        assert_eq!(*file, format!("{}.yaml", ty.schema.name.replace('.', "/")));
        let schema = &ty.schema;
        assert!(schema.attributes.get("id").is_some_and(|id| id.computed), "{file}");
        // Of what any type may be, no list holds all.
        assert!(schema.key.is_some() && (schema.collection.is_some() || ty.spec.typed.is_some()), "{file}");
        // What makes its path can neither be computed nor change.
        for hole in ty.spec.path.holes().filter(|hole| !GIVEN.contains(&&***hole)) {
            let attribute = &schema.attributes[hole];
            let known = attribute.required || ty.spec.guids.contains_key(hole);
            assert!(known && !attribute.immutable.is_empty(), "{file}: {hole}");
        }
        for path in &ty.spec.read_only {
            assert!(path.0.len() > 1, "{file}: {path}");
        }
    }
    assert_eq!(all().len(), FILES.len());
}

#[test]
fn every_file_of_the_folder_is_a_type() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("types");
    let mut there: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| format!("azure/{}", entry.unwrap().file_name().to_string_lossy()))
        .collect();
    there.sort();
    assert_eq!(there, FILES.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>());
}
