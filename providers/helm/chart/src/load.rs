//! From files to a chart.

use std::collections::BTreeMap;
use std::path::Path;

use aurak_gotemplate::Map;

use crate::path::extension;
use crate::{Chart, Error, File, Helm, Lock, Metadata, Profile, archive, folder, values};

/// What a whole tree has cost so far.
#[derive(Default)]
struct Cost {
    charts: usize,
    /// Bytes from archives in charts, each of which Helm bounds by itself only.
    unpacked: u64,
}

impl Helm<'_> {
    /// A chart from a folder or an archive, whatever is there.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is no chart.
    pub fn load(&self, path: &Path) -> Result<Chart, Error> {
        let name = || path.display().to_string();
        let found = std::fs::metadata(path).map_err(|source| Error::Io { what: name(), source })?;
        if found.is_dir() { self.load_folder(path) } else { self.load_archive_file(path) }
    }

    /// A chart from a folder.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is no chart.
    pub fn load_folder(&self, path: &Path) -> Result<Chart, Error> {
        self.load_files(folder::files(self, path)?)
    }

    fn load_archive_file(&self, path: &Path) -> Result<Chart, Error> {
        use std::io::Read;

        let name = path.display().to_string();
        let limit = self.limits.chart_bytes;
        let mut data = Vec::new();
        let read = std::fs::File::open(path)
            .and_then(|file| file.take(limit + 1).read_to_end(&mut data))
            .map_err(|source| Error::Io { what: format!("file '{name}' cannot be read"), source })?;
        if read as u64 > limit {
            return Err(Error::limit(format!("file '{name}' has more than {limit} bytes")));
        }
        if !data.starts_with(b"\x1f\x8b\x08") {
            let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
            return Err(Error::refused(if yaml {
                format!("file '{name}' seems to be a YAML file, but expected a gzipped archive")
            } else {
                format!("file '{name}' does not appear to be a gzipped archive")
            }));
        }
        self.load_archive(&data)
    }

    /// A chart from the bytes of a `.tgz`.
    ///
    /// # Errors
    ///
    /// If it is no archive, has what Helm refuses, or is no chart.
    pub fn load_archive(&self, input: &[u8]) -> Result<Chart, Error> {
        self.load_files(archive::files(self, input)?)
    }

    /// A chart from files with their paths inside it.
    ///
    /// # Errors
    ///
    /// If they are no chart; the message says which file and, for YAML, which line.
    pub fn load_files(&self, files: Vec<File>) -> Result<Chart, Error> {
        let mut chart = self.chart_of(files, 0, &mut Cost::default())?;
        chart.move_below("");
        Ok(chart)
    }

    fn chart_of(&self, files: Vec<File>, depth: usize, cost: &mut Cost) -> Result<Chart, Error> {
        cost.charts += 1;
        if depth > self.limits.chart_depth || cost.charts > self.limits.charts {
            return Err(Error::limit(format!(
                "more than {} charts, or charts more than {} deep in charts",
                self.limits.charts, self.limits.chart_depth
            )));
        }
        let mut chart = Chart::default();
        let mut metadata: Option<Metadata> = None;
        for file in files.iter().filter(|file| file.name == "Chart.yaml") {
            let metadata = metadata.get_or_insert_default();
            metadata.read(self, &file.data).map_err(|error| error.within("cannot load Chart.yaml"))?;
            if metadata.api_version.is_empty() {
                "v1".clone_into(&mut metadata.api_version);
            }
        }
        let mut below: BTreeMap<String, Vec<File>> = BTreeMap::new();
        for file in files {
            self.place_file(file, &mut chart, &mut metadata, &mut below)?;
        }
        let Some(metadata) = metadata else { return Err(Error::refused("Chart.yaml file is missing")) };
        chart.metadata = metadata;
        chart.metadata.validate(self)?;
        for (name, files) in below {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let below = self.chart_below(&chart, &name, files, depth, cost)?;
            chart.charts.push(below);
        }
        Ok(chart)
    }

    /// Puts one file where it belongs.
    fn place_file(
        &self,
        file: File,
        chart: &mut Chart,
        metadata: &mut Option<Metadata>,
        below: &mut BTreeMap<String, Vec<File>>,
    ) -> Result<(), Error> {
        let cannot_load = |error: Error| error.within(format!("cannot load {}", file.name));
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => chart.lock = Some(Lock::read(self, &file.data).map_err(cannot_load)?),
            "values.yaml" => chart.values = self.default_values(&file.data).map_err(cannot_load)?,
            "values.schema.json" => chart.schema = Some(file.data),
            "requirements.yaml" | "requirements.lock" => {
                let metadata = metadata.get_or_insert_default();
                let first = metadata.api_version == "v1";
                if file.name == "requirements.lock" {
                    chart.lock = Some(Lock::read(self, &file.data).map_err(cannot_load)?);
                    if !first {
                        self.warn(
                            "Warning: Dependency locking is handled in Chart.lock since apiVersion \"v2\". We recommend migrating to Chart.lock.",
                        );
                    }
                } else {
                    if !first {
                        self.warn(
                            "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend migrating dependencies to Chart.yaml.",
                        );
                    }
                    metadata.read(self, &file.data).map_err(cannot_load)?;
                }
                if metadata.api_version == "v1" {
                    chart.files.push(file);
                }
            }
            name if name.starts_with("templates/") => chart.templates.push(file),
            name => match name.strip_prefix("charts/") {
                Some(rest) if extension(name) != ".prov" => {
                    let first = rest.split('/').next().unwrap_or(rest).to_owned();
                    below.entry(first).or_default().push(File { name: rest.to_owned(), data: file.data });
                }
                _ => chart.files.push(file),
            },
        }
        Ok(())
    }

    fn default_values(&self, text: &[u8]) -> Result<Map, Error> {
        match self.profile {
            Profile::Helm3 => values::read_one(text, &self.limits.yaml),
            Profile::Helm4 => values::read_many(text, &self.limits.yaml),
        }
    }

    fn chart_below(
        &self,
        parent: &Chart,
        name: &str,
        files: Vec<File>,
        depth: usize,
        cost: &mut Cost,
    ) -> Result<Chart, Error> {
        let read = if extension(name) == ".tgz" {
            let Some(file) = files.into_iter().next() else { return Err(Error::refused("no files")) };
            if file.name != name {
                return Err(Error::refused(format!(
                    "error unpacking subchart tar in {}: expected {name}, got {}",
                    parent.name(),
                    file.name
                )));
            }
            archive::files(self, &file.data).and_then(|files| {
                cost.unpacked += files.iter().map(|file| file.data.len() as u64).sum::<u64>();
                if cost.unpacked > self.limits.chart_bytes {
                    return Err(Error::limit(format!(
                        "archives in archives have more than {} bytes",
                        self.limits.chart_bytes
                    )));
                }
                self.chart_of(files, depth + 1, cost)
            })
        } else {
            let files = files.into_iter().filter_map(|file| {
                let (_, rest) = file.name.split_once('/')?;
                Some(File { name: rest.to_owned(), data: file.data })
            });
            self.chart_of(files.collect(), depth + 1, cost)
        };
        read.map_err(|error| error.within(format!("error unpacking subchart {name} in {}", parent.name())))
    }
}
