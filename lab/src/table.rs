//! Plain tables for a terminal.

use std::fmt;

const GAP: &str = "  ";

/// Columns as wide as their widest cell, each with a heading.
#[derive(Debug, Clone)]
pub struct Table<const COLUMNS: usize> {
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table with nothing but headings.
    pub fn new(headings: [&str; COLUMNS]) -> Self {
        let rows = vec![headings.map(str::to_uppercase)];
        Self { rows }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells);
    }
}

impl<const COLUMNS: usize> fmt::Display for Table<COLUMNS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths = [0; COLUMNS];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in &self.rows {
            let cells: Vec<String> = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            writeln!(f, "{}", cells.join(GAP).trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align() {
        let mut table = Table::new(["who", "asked"]);
        table.row(["sales".into(), "é".into()]);
        table.row(["ml".into(), "GET /".into()]);
        assert_eq!(table.to_string(), "WHO    ASKED\nsales  é\nml     GET /\n");
    }
}
