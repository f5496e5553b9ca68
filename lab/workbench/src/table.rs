//! Tables for a terminal, which wrap cells that are too wide for it.

use std::fmt;

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, TableStyle, Width, presets,
};

/// The width if the output is not a terminal.
const WIDTH: u16 = 100;

/// The space behind a column.
const GAP: u16 = 1;

/// Marks where a cell may break. It takes no space and is not printed.
const BREAK: char = '\u{200b}';

/// Columns with headings. Cells break behind spaces and slashes, and are never cut off.
#[derive(Debug, Clone)]
pub struct Table {
    table: comfy_table::Table,
}

impl Table {
    /// A table with a line between rows, for rows of several lines.
    pub fn ruled<const COLUMNS: usize>(headings: [&str; COLUMNS]) -> Self {
        Self::styled(presets::UTF8_HORIZONTAL_ONLY, headings)
    }

    /// A table without lines.
    pub fn plain<'h>(headings: impl IntoIterator<Item = &'h str>) -> Self {
        Self::styled(presets::NOTHING, headings)
    }

    fn styled<'h>(style: TableStyle, headings: impl IntoIterator<Item = &'h str>) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(style)
            .set_delimiter(BREAK)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(
                headings
                    .into_iter()
                    .map(|heading| Cell::new(heading).add_attribute(Attribute::Bold)),
            );
        if table.width().is_none() {
            table.set_width(WIDTH);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        Self { table }
    }

    /// Reserves this many characters in a line for a column.
    pub fn at_least(mut self, column: usize, characters: u16) -> Self {
        if let Some(column) = self.table.column_mut(column) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(characters + GAP)));
        }
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.table.add_row(cells.into_iter().map(|text| cell(&text)));
    }
}

/// Aligns numbers to the right, and colours a status on terminals.
fn cell(text: &str) -> Cell {
    let number = text.parse::<f64>().is_ok();
    let color = match text.parse() {
        Ok(200..400) if text.len() == 3 => Some(Color::Green),
        Ok(400..600) if text.len() == 3 => Some(Color::Red),
        _ => None,
    };
    let marked = text
        .replace(' ', &format!(" {BREAK}"))
        .replace('/', &format!("/{BREAK}"));
    let cell = Cell::new(marked);
    let cell = if number {
        cell.set_alignment(CellAlignment::Right)
    } else {
        cell
    };
    match color {
        Some(color) => cell.fg(color),
        None => cell,
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.table.lines() {
            writeln!(f, "{}", line.replace(BREAK, "").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_break_behind_slashes_and_lose_nothing() {
        let mut table = Table::plain(["asked"]);
        table.table.set_width(12);
        table.row(["GET /execution/xcoms".to_owned()]);
        assert_eq!(table.to_string(), "asked\nGET /\nexecution/\nxcoms\n");
    }
}
