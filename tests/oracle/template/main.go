// Command template answers questions about Go's fmt, strconv and text/template.
//
//	template unicode            the tables of characters, as Rust source
//	template rewrite FILE...    every row of the tables answered anew
//	template fuzz SEED COUNT    random rows with their answers
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "one of: unicode, rewrite FILE..., fuzz SEED COUNT")
		os.Exit(2)
	}
	switch os.Args[1] {
	case "unicode":
		writeUnicode(os.Stdout)
	case "rewrite":
		for _, path := range os.Args[2:] {
			rewrite(path)
		}
	case "fuzz":
		seed, err := strconv.ParseUint(os.Args[2], 10, 64)
		check(err)
		count, err := strconv.Atoi(os.Args[3])
		check(err)
		out := bufio.NewWriter(os.Stdout)
		defer out.Flush()
		for _, r := range fuzz(seed, count) {
			out.Write(line(r))
		}
	default:
		fmt.Fprintln(os.Stderr, "no such command:", os.Args[1])
		os.Exit(2)
	}
}

// rewrite answers the rows of a table; rows that occur twice are kept once.
func rewrite(path string) {
	text, err := os.ReadFile(path)
	check(err)
	var out bytes.Buffer
	seen := map[string]bool{}
	for number, l := range bytes.Split(text, []byte("\n")) {
		if len(bytes.TrimSpace(l)) == 0 {
			continue
		}
		var r row
		if err := json.Unmarshal(l, &r); err != nil {
			check(fmt.Errorf("%s:%d: %w", path, number+1, err))
		}
		r.answer()
		answered := line(&r)
		if !seen[string(answered)] {
			seen[string(answered)] = true
			out.Write(answered)
		}
	}
	check(os.WriteFile(path, out.Bytes(), 0o644))
}

func line(r *row) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	check(encoder.Encode(r))
	return out.Bytes()
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
