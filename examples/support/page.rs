//! What the examples of one page share: where they listen.

use std::error::Error;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::serve;

/// Listens at `--listen ADDR`, or on loopback at a port that is free.
pub async fn listen() -> Result<TcpListener, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let address: SocketAddr = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => ([127, 0, 0, 1], 0).into(),
        ["--listen", address] => {
            address.parse().map_err(|_| format!("`{address}` is no address; write 127.0.0.1:3000"))?
        }
        _ => return Err("usage: [--listen ADDR]".into()),
    };
    let listener = TcpListener::from_std(serve::bind(address)?)?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(listener)
}
