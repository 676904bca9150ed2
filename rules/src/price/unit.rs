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
/// A GB of memory or data is 2^30 bytes in these price lists; a month is 730 hours.
const UNITS: [Unit; 19] = [
    Unit {
        symbol: "request",
        base: "request",
        base_per_unit: 1,
    },
    Unit {
        symbol: "message",
        base: "message",
        base_per_unit: 1,
    },
    Unit {
        symbol: "event",
        base: "event",
        base_per_unit: 1,
    },
    Unit {
        symbol: "notification",
        base: "notification",
        base_per_unit: 1,
    },
    Unit {
        symbol: "transition",
        base: "transition",
        base_per_unit: 1,
    },
    Unit {
        symbol: "operation",
        base: "operation",
        base_per_unit: 1,
    },
    Unit {
        symbol: "write-unit",
        base: "write-unit",
        base_per_unit: 1,
    },
    Unit {
        symbol: "read-unit",
        base: "read-unit",
        base_per_unit: 1,
    },
    Unit {
        symbol: "put-unit",
        base: "put-unit",
        base_per_unit: 1,
    },
    Unit {
        symbol: "minute",
        base: "ms",
        base_per_unit: 60_000,
    },
    Unit {
        symbol: "hour",
        base: "ms",
        base_per_unit: 3_600_000,
    },
    Unit {
        symbol: "shard-hour",
        base: "ms",
        base_per_unit: 3_600_000,
    },
    Unit {
        symbol: "stream-hour",
        base: "ms",
        base_per_unit: 3_600_000,
    },
    Unit {
        symbol: "month",
        base: "ms",
        base_per_unit: 2_628_000_000,
    },
    Unit {
        symbol: "GB",
        base: "byte",
        base_per_unit: 1_073_741_824,
    },
    Unit {
        symbol: "GB-restored",
        base: "MiB",
        base_per_unit: 1_024,
    },
    Unit {
        symbol: "GB-s",
        base: "MiB*ms",
        base_per_unit: 1_024_000,
    },
    Unit {
        symbol: "GB-h",
        base: "MiB*ms",
        base_per_unit: 3_686_400_000,
    },
    Unit {
        symbol: "GB-month",
        base: "MiB*h",
        base_per_unit: 747_520,
    },
];

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
