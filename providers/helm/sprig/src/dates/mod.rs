//! stub
use aurak_gotemplate::*;
pub(crate) struct Time;
impl Time {
    pub(crate) fn to_json(&self) -> Result<String, Error> {
        Ok(String::new())
    }
}
impl Object for Time {
    fn type_name(&self) -> &str {
        ""
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
