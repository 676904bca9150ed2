//! A file system of which one write fails, before or after its effect.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::local::LocalStore;

/// When the write fails.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    Before,
    After,
}

/// A file system of which one write fails.
#[derive(Debug)]
pub(super) struct Faulty {
    files: LocalStore,
    number: usize,
    when: When,
    writes: AtomicUsize,
}

impl Faulty {
    pub(super) fn new(number: usize, when: When) -> Self {
        Self {
            files: LocalStore::of_root(),
            number,
            when,
            writes: AtomicUsize::new(0),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.writes.load(Ordering::Relaxed) > self.number
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let fails = self.writes.fetch_add(1, Ordering::Relaxed) == self.number;
        let failed = || Error::Generic {
            store: "Faulty",
            source: "no space left on device".into(),
        };
        match (fails, self.when) {
            (true, When::Before) => Err(failed()),
            (true, When::After) => {
                self.files.put_opts(location, payload, options).await?;
                Err(failed())
            }
            (false, _) => self.files.put_opts(location, payload, options).await,
        }
    }

    async fn put_multipart_opts(&self, to: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.files.put_multipart_opts(to, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await
    }
}
