//! Raw requests and what the services answer: one test for each thing that Azure refuses.

mod chance;
mod clusters;
mod dns;
mod entra;
mod groups;
mod identity;
mod kit;
mod load;
mod network;
mod platform;
mod storage;
