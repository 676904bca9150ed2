//! An upload in parts, which becomes one durable write.

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, PutOptions, PutPayload, PutResult, Result, UploadPart};

use super::LocalStore;

/// Parts that wait for the upload's completion.
#[derive(Debug)]
pub(super) struct Upload {
    store: LocalStore,
    location: Path,
    parts: Vec<PutPayload>,
}

impl Upload {
    pub(super) fn new(store: LocalStore, location: Path) -> Self {
        Self {
            store,
            location,
            parts: Vec::new(),
        }
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        self.parts.push(part);
        Box::pin(std::future::ready(Ok(())))
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let parts = std::mem::take(&mut self.parts);
        let whole: PutPayload = parts.into_iter().flatten().collect();
        self.store.put_opts(&self.location, whole, PutOptions::default()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.clear();
        Ok(())
    }
}
