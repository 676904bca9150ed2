mod again;
mod firehose;
mod limits;
mod refused;
mod server;
mod signals;
mod success;
mod transport;
