package main

import (
	"bufio"
	"fmt"
	"io"
	"unicode"
)

// writeUnicode writes the tables of characters that the crate keeps as Rust source.
func writeUnicode(w io.Writer) {
	out := bufio.NewWriter(w)
	defer out.Flush()
	fmt.Fprintf(out, "//! Ranges of characters, both ends included, from Unicode %s.\n", unicode.Version)
	fmt.Fprintln(out, "//!")
	fmt.Fprintln(out, "//! Written by `tests/oracle/template/generate.sh`; not to be changed by hand.")
	tables := []struct {
		name, about string
		is          func(rune) bool
	}{
		{"PRINT", "What is printable.", unicode.IsPrint},
		{"LETTER", "Letters.", unicode.IsLetter},
		{"DIGIT", "Decimal digits.", unicode.IsDigit},
	}
	for _, table := range tables {
		fmt.Fprintf(out, "\n/// %s\n#[rustfmt::skip]\npub(crate) const %s: &[(u32, u32)] = &[", table.about, table.name)
		column := 0
		for r := rune(0); r <= unicode.MaxRune; r++ {
			if !table.is(r) {
				continue
			}
			first := r
			for r < unicode.MaxRune && table.is(r+1) {
				r++
			}
			if column%5 == 0 {
				fmt.Fprint(out, "\n   ")
			}
			fmt.Fprintf(out, " (0x%X, 0x%X),", first, r)
			column++
		}
		fmt.Fprintln(out, "\n];")
	}
}
