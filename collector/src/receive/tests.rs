mod again;
mod limits;
mod matrix;
mod refused;
mod server;
mod signals;
mod success;
mod transport;
