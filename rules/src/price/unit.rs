//! Units of prices, and the exact fractions by which telemetry's integers become them.

use std::fmt;

use num_bigint::BigInt;
use num_rational::BigRational;

/// What a price is for one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_field_names,
    reason = "the unit of the price and the unit of the measurement must not be confused"
)]
pub struct Unit {
    symbol: &'static str,
    base: &'static str,
    base_per_unit: i64,
}

/// Every unit: symbol, the integer quantity that is measured, and how many of those make one.
///
/// A GB of memory or data is 2^30 bytes in these price lists, except where its symbol ends in `-1000`; a month is 730 hours.
const UNITS: [Unit; 33] = [
    unit("request", "request", 1),
    unit("message", "message", 1),
    unit("event", "event", 1),
    unit("notification", "notification", 1),
    unit("transition", "transition", 1),
    unit("operation", "operation", 1),
    unit("row", "row", 1),
    unit("trace", "trace", 1),
    unit("write-unit", "write-unit", 1),
    unit("read-unit", "read-unit", 1),
    unit("put-unit", "put-unit", 1),
    unit("second", "ms", 1_000),
    unit("minute", "ms", 60_000),
    unit("hour", "ms", 3_600_000),
    unit("shard-hour", "ms", 3_600_000),
    unit("stream-hour", "ms", 3_600_000),
    unit("unit-hour", "ms", 3_600_000),
    unit("month", "ms", 2_628_000_000),
    unit("CPU-ms", "us", 1_000),
    unit("vCPU-s", "mCPU*ms", 1_000_000),
    unit("vCPU-h", "mCPU*ms", 3_600_000_000),
    unit("vCPU-month", "mCPU*ms", 2_628_000_000_000),
    unit("GHz-s", "MHz*ms", 1_000_000),
    unit("GB", "byte", 1_073_741_824),
    unit("GB-1000", "byte", 1_000_000_000),
    unit("GB-restored", "MiB", 1_024),
    unit("GB-environment", "MiB", 1_024),
    unit("GB-s", "MiB*ms", 1_024_000),
    unit("GiB-s", "MiB*ms", 1_024_000),
    unit("GB-s-1000", "MB*ms", 1_000_000),
    unit("GB-h", "MiB*ms", 3_686_400_000),
    unit("GB-month", "MiB*ms", 2_691_072_000_000),
    unit("GB-month-1000", "MB*ms", 2_628_000_000_000),
];

const fn unit(symbol: &'static str, base: &'static str, base_per_unit: i64) -> Unit {
    Unit {
        symbol,
        base,
        base_per_unit,
    }
}

impl Unit {
    /// Returns the unit with that symbol.
    #[must_use]
    pub fn named(symbol: &str) -> Option<Self> {
        UNITS.into_iter().find(|unit| unit.symbol == symbol)
    }

    /// Lists all symbols.
    #[must_use]
    pub fn symbols() -> Vec<&'static str> {
        UNITS.iter().map(|unit| unit.symbol).collect()
    }

    /// Returns the symbol, such as `GB-s`.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        self.symbol
    }

    /// Returns the integer quantity that is measured, such as `MiB*ms`.
    #[must_use]
    pub const fn base(self) -> &'static str {
        self.base
    }

    /// Returns how many of the measured quantity make one unit, such as 1,024,000 `MiB*ms` for a GB-s.
    #[must_use]
    pub const fn base_per_unit(self) -> i64 {
        self.base_per_unit
    }

    /// Converts a measured integer quantity, exactly.
    #[must_use]
    pub fn convert(self, quantity: i128) -> BigRational {
        BigRational::new(BigInt::from(quantity), BigInt::from(self.base_per_unit))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.symbol)
    }
}
