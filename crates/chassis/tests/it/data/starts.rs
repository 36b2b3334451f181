use chassis::data::Starts;

use super::place::on_each;

#[tokio::test(flavor = "multi_thread")]
async fn start_that_was_closed_is_clean_and_one_that_was_not_is_not() {
    on_each(async |place| {
        let database = place.open_bare().await;
        database.migrate(Vec::new()).await.unwrap();
        let starts = Starts::new(&database);
        assert_eq!(starts.last(None).await.unwrap(), None);

        let first = starts.record("0.1.0", Some("west")).await.unwrap();
        assert_eq!(first.started_at.to_string(), "2026-11-20T15:44:05.123Z");
        assert!(!starts.last(None).await.unwrap().unwrap().is_clean());

        place.clock.advance_ms(1_500);
        starts.close(first.id).await.unwrap();
        let last = starts.last(None).await.unwrap().unwrap();
        assert_eq!(last.id, first.id);
        assert_eq!(
            last.stopped_at.unwrap().to_string(),
            "2026-11-20T15:44:06.623Z"
        );

        place.clock.advance_ms(1);
        let second = starts.record("0.2.0", None).await.unwrap();
        assert_eq!(starts.last(None).await.unwrap(), Some(second));
        assert_eq!(
            starts.last(Some("west")).await.unwrap().unwrap().id,
            first.id
        );
        assert_eq!(starts.last(Some("east")).await.unwrap(), None);
        database.close().await.unwrap();
    })
    .await;
}
