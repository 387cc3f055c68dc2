//! The picture of what `instructions` measured: ours and the peers', case by case.
//!
//! `cargo bench --bench chart` reads `target/bench/instructions.json` and writes `benches/instructions.svg`. The same
//! figures give the same file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]
#![allow(missing_docs, reason = "a bench has no readers of its rustdoc")]

mod support;

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::Deserialize;

use support::cases::{CASES, Case, Place};
use support::report;

const FROM: &str = "target/bench/instructions.json";
const TO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.svg");

/// No background, and colours as far from white as from a dark page: it is read on both.
const TEXT: RGBColor = RGBColor(0x78, 0x7c, 0x82);
const OURS: RGBColor = RGBColor(0x1f, 0x88, 0xd8);
const PEER: RGBColor = RGBColor(0xd6, 0x72, 0x1c);

const WIDTH: u32 = 1000;
const LABELS: i32 = 300;
/// Room for the figure beside the longest bar.
const RIGHT: i32 = 70;
const TOP: i32 = 112;
const BOTTOM: i32 = 36;
const HEADING: i32 = 38;
const ROW: i32 = 38;
const BAR: i32 = 15;

type Root<'a> = DrawingArea<SVGBackend<'a>, Shift>;

#[derive(Debug, Deserialize)]
struct Row {
    case: String,
    ours: Cost,
    peer: Option<Cost>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Cost {
    instructions: f64,
}

/// What one case shows.
struct Bars {
    case: &'static Case,
    ours: f64,
    peer: f64,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let from = report::path("instructions");
    if !from.exists() {
        // A plain `cargo bench` comes here before anything is measured.
        println!("nothing to draw: {REMEDY}");
        return Ok(());
    }
    let text = fs::read_to_string(from).map_err(|error| format!("cannot read {FROM}: {error}; {REMEDY}"))?;
    let rows: Vec<Row> = serde_json::from_str(&text).map_err(|error| format!("{FROM} is wrong: {error}; {REMEDY}"))?;
    let bars = CASES.iter().filter(|case| case.has_peer()).map(|case| bars(case, &rows));
    draw(&bars.collect::<Result<Vec<_>, _>>()?)?;
    println!("{TO}");
    Ok(())
}

const REMEDY: &str = "run `cargo bench --bench instructions` first, without a filter";

fn bars(case: &'static Case, rows: &[Row]) -> Result<Bars, String> {
    let row = rows.iter().find(|row| row.case == case.name);
    let both = row.and_then(|row| Some((row.ours.instructions, row.peer?.instructions)));
    let (ours, peer) = both.ok_or_else(|| format!("{FROM} lacks `{}`; {REMEDY}", case.name))?;
    Ok(Bars { case, ours, peer })
}

fn draw(bars: &[Bars]) -> Result<(), Box<dyn Error>> {
    let groups: Vec<&[Bars]> = bars.chunk_by(|one, other| one.case.place == other.case.place).collect();
    let bottom = TOP + HEADING * groups.len() as i32 + ROW * bars.len() as i32;
    let root = SVGBackend::new(TO, (WIDTH, (bottom + BOTTOM) as u32)).into_drawing_area();
    let scale = Scale::new(bars);
    head(&root)?;
    scale.draw(&root, bottom)?;
    let mut y = TOP;
    for group in groups {
        if let [first, ..] = group {
            write(&root, beside(first.case.place), (16, y + HEADING - 10), 20, (HPos::Left, VPos::Bottom))?;
        }
        y += HEADING;
        for bars in group {
            bars.draw(&root, &scale, y)?;
            y += ROW;
        }
    }
    root.present()?;
    Ok(())
}

fn head(root: &Root<'_>) -> Result<(), Box<dyn Error>> {
    let left = (HPos::Left, VPos::Center);
    write(root, "Instructions of one request, beyond the application's own", (16, 24), 27, left)?;
    write(root, "a logarithmic scale, shorter is better; in parentheses ours over the peer's", (16, 54), 18, left)?;
    for (x, colour, name) in [(16, OURS, "ours"), (92, PEER, "the peer: tower-http, actix-cors")] {
        root.draw(&Rectangle::new([(x, 78), (x + BAR, 78 + BAR)], colour.filled()))?;
        write(root, name, (x + BAR + 6, 86), 18, left)?;
    }
    Ok(())
}

fn beside(place: Place) -> &'static str {
    match place {
        Place::Core => "the engine",
        Place::Tower => "tower, beside tower-http, which does not check the headers that a preflight asks for",
        Place::Axum => "axum's Router::layer, beside tower-http",
        Place::Actix => "actix-web, beside actix-cors",
    }
}

/// From instructions to pixels, by powers of ten.
struct Scale {
    first: i32,
    last: i32,
}

impl Scale {
    fn new(bars: &[Bars]) -> Self {
        let powers = || bars.iter().flat_map(|bars| [bars.ours, bars.peer]).map(|count| count.max(1.0).log10());
        let first = powers().fold(f64::INFINITY, f64::min).floor() as i32;
        Self { first, last: powers().fold(0.0, f64::max).ceil().max(f64::from(first) + 1.0) as i32 }
    }

    fn x(&self, count: f64) -> i32 {
        let share = (count.max(1.0).log10() - f64::from(self.first)) / f64::from(self.last - self.first);
        LABELS + (f64::from(WIDTH as i32 - LABELS - RIGHT) * share).round() as i32
    }

    fn draw(&self, root: &Root<'_>, bottom: i32) -> Result<(), Box<dyn Error>> {
        for power in self.first..=self.last {
            let count = 10_f64.powi(power);
            let x = self.x(count);
            root.draw(&PathElement::new([(x, TOP), (x, bottom)], TEXT.mix(0.35)))?;
            write(root, &grouped(count), (x, bottom + 18), 16, (HPos::Center, VPos::Center))?;
        }
        Ok(())
    }
}

impl Bars {
    fn draw(&self, root: &Root<'_>, scale: &Scale, y: i32) -> Result<(), Box<dyn Error>> {
        let name = self.case.name.split_once(": ").map_or(self.case.name, |(_, name)| name);
        write(root, name, (LABELS - 10, y + BAR), 18, (HPos::Right, VPos::Center))?;
        let share = self.ours / self.peer;
        let decimals = if share < 0.01 { 4 } else { 2 };
        let ours = format!("{} ({share:.decimals$})", grouped(self.ours));
        for (y, colour, count, text) in [(y, OURS, self.ours, ours), (y + BAR, PEER, self.peer, grouped(self.peer))] {
            let x = scale.x(count);
            root.draw(&Rectangle::new([(LABELS, y), (x, y + BAR - 1)], colour.filled()))?;
            write(root, &text, (x + 5, y + BAR / 2), 16, (HPos::Left, VPos::Center))?;
        }
        Ok(())
    }
}

fn write(
    root: &Root<'_>,
    text: &str,
    at: (i32, i32),
    size: u32,
    (across, down): (HPos, VPos),
) -> Result<(), Box<dyn Error>> {
    let style = ("sans-serif", size).into_font().color(&TEXT).pos(Pos::new(across, down));
    root.draw(&Text::new(text, at, style))?;
    Ok(())
}

/// Whole, in groups of three digits.
fn grouped(count: f64) -> String {
    let digits = format!("{count:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
