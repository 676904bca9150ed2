mod directory;
mod exactly_once;
mod faulty;
mod given;
mod life;
mod scan;
mod upkeep;
