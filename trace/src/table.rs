//! Tables of text: the first column to the left, all others to the right, each as wide as its widest.

use std::fmt;

/// Rows of cells.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// One with these heads and no rows yet.
    pub fn new<'a>(heads: impl IntoIterator<Item = &'a str>) -> Table {
        Table { rows: vec![heads.into_iter().map(str::to_owned).collect()] }
    }

    /// Adds a row; it has as many cells as there are heads.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in &self.rows {
            let line = row.iter().zip(&widths).enumerate().map(|(index, (cell, &width))| match index {
                0 => format!("{cell:<width$}"),
                _ => format!("  {cell:>width$}"),
            });
            writeln!(f, "{}", line.collect::<String>().trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["task", "n"]);
        table.row(["a longer one", "1"].map(str::to_owned));
        table.row(["é", "1000"].map(str::to_owned));
        assert_eq!(table.to_string(), "task             n\na longer one     1\né             1000\n");
    }
}
