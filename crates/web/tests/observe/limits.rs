use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use actix_web::{App, HttpServer, rt};
use tokio::time::Instant;

use crate::support::{CAUSE, LIMIT, Log, Plan, ask, me, over, secret, services, web};

#[actix_web::test]
async fn what_takes_too_long_is_given_up() {
    let web = web(Plan::Hang);
    let log = Log::start();
    tokio::time::pause();
    let before = Instant::now();
    let answer = ask(&web, me().insert_header(("x-request-id", "late"))).await;
    let waited = before.elapsed();
    assert!(
        (LIMIT..LIMIT + Duration::from_secs(1)).contains(&waited),
        "{waited:?}"
    );
    assert_eq!(answer.status.as_u16(), 504);
    assert_eq!(answer.json()["code"], 4);
    assert_eq!(answer.header("x-request-id"), "late");
    let (level, fields) = log.event();
    assert_eq!((&*level, &fields["use_case"]), ("ERROR", &"me.get".into()));
}

#[actix_web::test]
async fn what_takes_almost_too_long_is_answered() {
    let web = web(Plan::Slow(LIMIT.mul_f32(0.999)));
    tokio::time::pause();
    assert_eq!(ask(&web, me()).await.status.as_u16(), 200);
}

#[actix_web::test]
async fn a_panic_is_one_failed_request() {
    let web = web(Plan::Panic);
    let log = Log::start();
    let answer = ask(&web, me().insert_header(("x-request-id", "boom"))).await;
    assert_eq!(answer.status.as_u16(), 500);
    assert_eq!(answer.json()["code"], 13);
    assert_eq!(answer.header("x-request-id"), "boom");
    assert!(!answer.body.contains(CAUSE), "{}", answer.body);
    let (level, fields) = log.event();
    assert_eq!((&*level, &fields["use_case"]), ("ERROR", &"me.get".into()));
    assert!(
        fields["cause"].as_str().unwrap().contains(CAUSE),
        "{fields}"
    );
}

/// Over a real connection: a body that does not come occupies a request for no longer than the
/// limit.
#[test]
fn a_body_that_does_not_come_is_given_up() {
    let (tell, told) = mpsc::channel();
    let serving = thread::spawn(move || {
        rt::System::new().block_on(async move {
            let web = over(services(Plan::Answer), Duration::from_millis(50));
            let app = move || App::new().configure(|config| web.configure(config));
            let server = HttpServer::new(app).workers(1).bind("127.0.0.1:0").unwrap();
            let address = server.addrs()[0];
            let server = server.disable_signals().run();
            tell.send((address, server.handle())).unwrap();
            server.await.unwrap();
        });
    });
    let (address, server) = told.recv().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    write!(
        client,
        "POST /api/v1/organizations HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        secret()
    )
    .unwrap();
    let mut answer = [0; 12];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 504");
    drop(client);
    rt::System::new().block_on(server.stop(false));
    serving.join().unwrap();
}
