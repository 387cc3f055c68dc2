//! actix-web with a folder of rule files, one a bucket, and beside it a watched file whose state can be asked for.

use std::error::Error;
use std::path::PathBuf;

use actix_web::{App, HttpServer, web};
use oss_cors_actix::oss_cors_source::watch_folder;
use oss_cors_actix::{BucketNaming, FileWatch, OssCors};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = PathBuf::from(std::env::args().nth(1).ok_or("which rule file?")?);
    let folder = file.parent().ok_or("a file in a folder")?.to_owned();

    let one = OssCors::watch_file_with(FileWatch::new(&file).on_event(|event| eprintln!("cors: {event}")))?;
    let handle = one.handle().ok_or("one table")?.clone();
    let status = web::Data::new(handle);
    let file_app = move || {
        let state = async |handle: web::Data<oss_cors_actix::CorsHandle>| handle.status().failing.to_string();
        App::new()
            .app_data(status.clone())
            .route("/failing", web::get().to(state))
            .route("/", web::get().to(async || "hello"))
            .wrap(one.clone())
    };
    let file_server = HttpServer::new(file_app).workers(1).bind("127.0.0.1:0")?;

    let many = OssCors::per_bucket(watch_folder(folder)?, BucketNaming::path());
    let folder_app = move || App::new().default_service(web::to(async || "hello")).wrap(many.clone());
    let folder_server = HttpServer::new(folder_app).workers(1).bind("127.0.0.1:0")?;

    println!("watched {}\nfolder {}\nready", file_server.addrs()[0], folder_server.addrs()[0]);
    actix_web::rt::spawn(file_server.run());
    folder_server.run().await?;
    Ok(())
}
