//! Work that must not stop half-way when the client hangs up.
//! What the work is, is left to the handlers.

use super::Refusal;

/// Runs work in a task of its own, so that it comes to its end even when the request is dropped.
///
/// A panic of the work goes on in the request, where it is noticed.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(cut) => match cut.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(crate::store::StoreError::CutOff.into()),
        },
    }
}
