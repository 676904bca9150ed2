use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::*;

fn durable(order: &Arc<Order>, position: u64) -> Durable {
    Durable::new(Position(position), order)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
}

#[test]
fn frames_become_visible_in_the_order_of_their_positions() {
    let runtime = runtime();
    for seed in 0..50 {
        let order = Arc::new(Order::starting_at(Position(1)));
        let mut frames: Vec<Durable> = (1..=40).map(|position| durable(&order, position)).collect();
        frames.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let visible = Arc::new(Mutex::new(Vec::new()));
        runtime.block_on(async {
            let publishing = frames.into_iter().map(|frame| {
                let visible = Arc::clone(&visible);
                tokio::spawn(frame.publish(move |position| {
                    visible.lock().unwrap().push(position.0);
                    position
                }))
            });
            for published in publishing.collect::<Vec<_>>() {
                published.await.unwrap().unwrap();
            }
        });
        assert_eq!(*visible.lock().unwrap(), (1..=40).collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(order.published(), Position(40));
    }
}

#[test]
fn nothing_is_published_after_a_frame_that_was_dropped() {
    let order = Arc::new(Order::starting_at(Position(1)));
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|position| durable(&order, position));
    runtime().block_on(async {
        let waiting = tokio::spawn(third.publish(|_| panic!("must not become visible")));
        drop(second);
        let answer: Result<(), _> = waiting.await.unwrap();
        assert!(matches!(answer, Err(WalError::Stalled { position: Position(2) })));
        assert!(
            first.publish(|position| position).await.is_ok(),
            "what stands before it is published"
        );
        assert!(matches!(
            fourth.publish(|_| ()).await,
            Err(WalError::Stalled { position: Position(2) })
        ));
    });
    assert_eq!((order.published(), order.stalled()), (Position(1), Some(Position(2))));
}

#[test]
fn a_panic_while_publishing_leaves_nobody_waiting() {
    let order = Arc::new(Order::starting_at(Position(1)));
    let [first, second] = [1, 2].map(|position| durable(&order, position));
    runtime().block_on(async {
        let panicking = tokio::spawn(first.publish(|_| panic!("as a store might")));
        assert!(panicking.await.is_err());
        assert!(matches!(second.publish(|_| ()).await, Err(WalError::Stalled { .. })));
    });
}
