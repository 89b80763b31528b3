package main

import (
	"fmt"
	"io"
	"unicode"
)

// letters prints a Rust file: the order of keys asks whether a character is a letter or a digit, and the
// answer is that of the Unicode version Go has.
func letters(out io.Writer) {
	fmt.Fprintf(out, "//! Letters (category L) and decimal digits (category Nd) of Unicode %s, as Go has them.\n", unicode.Version)
	fmt.Fprintln(out, "//!")
	fmt.Fprintln(out, "//! Made by `tests/oracle/yaml/generate.sh`; Rust's own tables are of other categories.")
	fmt.Fprintln(out)
	fmt.Fprintln(out, "/// Whether a character is a letter.")
	fmt.Fprintln(out, "pub(super) fn is_letter(c: char) -> bool {\n    if c.is_ascii() { c.is_ascii_alphabetic() } else { is_in(c, LETTERS) }\n}")
	fmt.Fprintln(out)
	fmt.Fprintln(out, "/// Whether a character is a decimal digit.")
	fmt.Fprintln(out, "pub(super) fn is_digit(c: char) -> bool {\n    if c.is_ascii() { c.is_ascii_digit() } else { is_in(c, DIGITS) }\n}")
	fmt.Fprintln(out)
	fmt.Fprintln(out, "fn is_in(c: char, ranges: &[(u32, u32)]) -> bool {")
	fmt.Fprintln(out, "    let code = u32::from(c);")
	fmt.Fprintln(out, "    let after = ranges.partition_point(|(first, _)| *first <= code);")
	fmt.Fprintln(out, "    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, last)| code <= *last)")
	fmt.Fprintln(out, "}")
	table(out, "LETTERS", unicode.IsLetter)
	table(out, "DIGITS", unicode.IsDigit)
}

func table(out io.Writer, name string, in func(rune) bool) {
	fmt.Fprintf(out, "\n#[rustfmt::skip]\nconst %s: &[(u32, u32)] = &[\n", name)
	column := 0
	for first := rune(0x80); first <= unicode.MaxRune; first++ {
		if !in(first) {
			continue
		}
		last := first
		for last+1 <= unicode.MaxRune && in(last+1) {
			last++
		}
		if column == 0 {
			fmt.Fprint(out, "   ")
		}
		fmt.Fprintf(out, " (%#x, %#x),", first, last)
		if column++; column == 5 {
			fmt.Fprintln(out)
			column = 0
		}
		first = last
	}
	if column > 0 {
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out, "];")
}
