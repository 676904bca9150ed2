//! All price books in force, and the choice of the entry for an item, a region and an instant.

use std::collections::BTreeSet;

use super::{BillingRule, Price, PriceBook, PriceError, load};
use crate::{Decimal, embedded::PRICE_BOOKS};

/// Price books, with a user's overrides, discounts and fallback regions applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceBooks {
    books: Vec<PriceBook>,
    fallbacks: Vec<Fallback>,
}

/// A percentage off list prices, from a user's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// Provider whose prices are reduced.
    pub provider: String,
    /// Service, or all.
    pub service: Option<String>,
    /// Item, or all.
    pub item: Option<String>,
    /// Per cent off.
    pub percent: Decimal,
    /// The agreement behind it.
    pub source: String,
}

/// A region whose prices stand in where a region has none, from a user's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// Provider.
    pub provider: String,
    /// Region.
    pub region: String,
}

/// What is to be priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a> {
    /// Provider.
    pub provider: &'a str,
    /// Service.
    pub service: &'a str,
    /// Item.
    pub item: &'a str,
    /// Region.
    pub region: &'a str,
    /// Architecture, where known.
    pub architecture: Option<&'a str>,
}

/// The entry that prices something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced<'a> {
    /// The entry.
    pub price: &'a Price,
    /// True where the instant is older than the first known entry, which then stands in.
    pub priced_backdated: bool,
    /// True where the entry is that of the user's fallback region.
    pub fallback_region: bool,
}

impl PriceBooks {
    /// Loads the books that are compiled in.
    ///
    /// # Errors
    /// [`PriceError`] where a shipped file is faulty, which the tests of this crate rule out.
    pub fn embedded() -> Result<Self, PriceError> {
        let mut books = Self::default();
        for (file, text) in PRICE_BOOKS {
            books.add(file, text)?;
        }
        Ok(books)
    }

    /// Adds one file; its entries replace earlier ones of the same item, region and architecture, at all dates.
    ///
    /// Discounts apply to the entries loaded so far, the file's own included, and add up to at most 100 %.
    ///
    /// # Errors
    /// [`PriceError`] names file, line, key and remedy.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), PriceError> {
        let mut loaded = load::load(file, text)?;
        if let Some(first) = self.books.iter().find(|book| book.id == loaded.book.id) {
            let (id, first) = (loaded.book.id, first.file.clone());
            return Err(PriceError::Twice {
                file: file.to_owned(),
                id,
                first,
            });
        }
        self.replace(&mut loaded.book);
        self.books.push(loaded.book);
        self.no_unknown_rule(file)?;
        for discount in &loaded.discounts {
            let prices = self.books.iter_mut().flat_map(|book| &mut book.prices);
            prices
                .filter(|price| discount.covers(price))
                .for_each(|price| discount.reduce(price));
        }
        self.fallbacks.extend(loaded.fallbacks);
        Ok(())
    }

    /// Lets a region's prices stand in, for every provider that has some there, where a region has none.
    ///
    /// # Errors
    /// [`PriceError::NoRegion`] where no book has a price in that region.
    pub fn fall_back_to(&mut self, region: &str) -> Result<(), PriceError> {
        let there = self.prices().filter(|price| price.region == region);
        let providers: BTreeSet<String> = there.map(|price| price.provider.clone()).collect();
        if providers.is_empty() {
            return Err(PriceError::NoRegion {
                region: region.to_owned(),
            });
        }
        self.fallbacks.extend(providers.into_iter().map(|provider| Fallback {
            provider,
            region: region.to_owned(),
        }));
        Ok(())
    }

    /// Takes out the entries that a book replaces; what replaces an entry is billed as that one, where it names no rule.
    fn replace(&mut self, by: &mut PriceBook) {
        for book in &mut self.books {
            for new in &mut by.prices {
                let old = book.prices.iter().find(|old| new.same_item(old));
                if let Some(old) = old.filter(|_| new.rule.is_none()) {
                    new.rule.clone_from(&old.rule);
                }
            }
            book.prices
                .retain(|old| !by.prices.iter().any(|new| new.same_item(old)));
        }
    }

    /// Refuses a price of the last book that names a rule which no book of its service has.
    fn no_unknown_rule(&self, file: &str) -> Result<(), PriceError> {
        for price in self.books.last().into_iter().flat_map(|book| &book.prices) {
            let Some(rule) = &price.rule else { continue };
            let known: BTreeSet<&str> = self
                .rules(&price.provider, &price.service)
                .map(|known| known.id.as_str())
                .collect();
            if !known.contains(rule.as_str()) {
                return Err(PriceError::UnknownRule {
                    file: file.to_owned(),
                    line: price.place.line,
                    id: price.id.clone(),
                    rule: rule.clone(),
                    known: if known.is_empty() {
                        "none".to_owned()
                    } else {
                        known.into_iter().collect::<Vec<_>>().join(", ")
                    },
                });
            }
        }
        Ok(())
    }

    /// Returns the rules of a service, those of the last book first.
    fn rules(&self, provider: &str, service: &str) -> impl Iterator<Item = &BillingRule> + Clone {
        let books = self.books.iter().rev();
        let of_service = books.filter(move |book| book.provider == provider && book.service == service);
        of_service.flat_map(|book| &book.billing_rules)
    }

    /// Returns all books in the order in which they were loaded.
    #[must_use]
    pub fn books(&self) -> &[PriceBook] {
        &self.books
    }

    /// Returns all prices.
    pub fn prices(&self) -> impl Iterator<Item = &Price> {
        self.books.iter().flat_map(|book| &book.prices)
    }

    /// Returns the entry that prices `key` at an instant (nanoseconds since 1970, UTC), or none: "not priced".
    ///
    /// An instant before an item's first entry takes that entry, marked `priced_backdated`.
    #[must_use]
    pub fn price(&self, key: Key<'_>, unix_nano: i64) -> Option<Priced<'_>> {
        let fallback = self
            .fallbacks
            .iter()
            .rev()
            .find(|fallback| fallback.provider == key.provider);
        self.in_region(key, unix_nano).or_else(|| {
            let priced = self.in_region(
                Key {
                    region: &fallback?.region,
                    ..key
                },
                unix_nano,
            )?;
            Some(Priced {
                fallback_region: true,
                ..priced
            })
        })
    }

    fn in_region(&self, key: Key<'_>, unix_nano: i64) -> Option<Priced<'_>> {
        let entries = || self.prices().filter(|price| key.names(price));
        let priced = |price, priced_backdated| Priced {
            price,
            priced_backdated,
            fallback_region: false,
        };
        if let Some(price) = entries().find(|price| price.in_force_at(unix_nano)) {
            return Some(priced(price, false));
        }
        let first = entries().min_by_key(|price| price.effective_from)?;
        if unix_nano < first.effective_from.start_unix_nano() {
            Some(priced(first, true))
        } else {
            None
        }
    }

    /// Returns a service's rule of billing of that name at an instant; before the first known one, that one.
    #[must_use]
    pub fn billing_rule(&self, provider: &str, service: &str, id: &str, unix_nano: i64) -> Option<&BillingRule> {
        let named = || self.rules(provider, service).filter(|rule| rule.id == id);
        let first = || named().min_by_key(|rule| rule.effective_from);
        named()
            .find(|rule| rule.in_force_at(unix_nano))
            .or_else(|| first().filter(|rule| unix_nano < rule.effective_from.start_unix_nano()))
    }

    /// Returns the rule of billing that a price follows at an instant; none where it bills what is measured.
    #[must_use]
    pub fn rule_of(&self, price: &Price, unix_nano: i64) -> Option<&BillingRule> {
        self.billing_rule(&price.provider, &price.service, price.rule.as_deref()?, unix_nano)
    }
}

impl Key<'_> {
    fn names(&self, price: &Price) -> bool {
        let architecture = price.architecture.as_deref();
        (
            price.provider.as_str(),
            price.service.as_str(),
            price.id.as_str(),
            price.region.as_str(),
        ) == (self.provider, self.service, self.item, self.region)
            && (architecture.is_none() || architecture == self.architecture)
    }
}

impl Discount {
    fn covers(&self, price: &Price) -> bool {
        self.provider == price.provider
            && self.service.as_ref().is_none_or(|service| *service == price.service)
            && self.item.as_ref().is_none_or(|item| *item == price.id)
    }

    fn reduce(&self, price: &mut Price) {
        let sum = price
            .discount_percent
            .checked_add(self.percent)
            .unwrap_or(Decimal::whole(100));
        price.discount_percent = sum.min(Decimal::whole(100));
    }
}
