mod again;
mod doors;
mod limits;
mod refused;
mod server;
mod signals;
mod success;
mod transport;
