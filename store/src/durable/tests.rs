mod directory;
mod exactly_once;
mod faulty;
mod given;
mod life;
mod rollups;
mod scan;
mod upkeep;
