// The oracle answers what Go's YAML makes of an input. It keeps nothing of its own: the rows of the
// tables hold their inputs, and each run writes the answers beside them again.
//
//	oracle rows <file>...              fill in the answers of these tables
//	oracle fuzz <kind> <seed> <count>  print rows with random inputs: read, stream or write
//	oracle letters                     print the tables of letters and digits for the order of keys
//
// The versions in go.mod are those that Helm 3.22.0 is built with.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	switch {
	case len(args) > 1 && args[0] == "rows":
		for _, path := range args[1:] {
			if err := rewrite(path); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		return nil
	case len(args) == 4 && args[0] == "fuzz":
		seed, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return err
		}
		count, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		return fuzz(out, args[1], seed, count)
	case len(args) == 1 && args[0] == "letters":
		letters(out)
		return nil
	}
	return fmt.Errorf("usage: oracle rows <file>... | oracle fuzz <kind> <seed> <count> | oracle letters")
}

// rewrite fills in a table in place. Comments and empty lines stay.
func rewrite(path string) error {
	kind := strings.TrimSuffix(filepath.Base(path), ".jsonl")
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var table bytes.Buffer
	for number, line := range strings.Split(strings.TrimSuffix(string(old), "\n"), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			table.WriteString(line + "\n")
			continue
		}
		row, err := answer(kind, []byte(line))
		if err != nil {
			return fmt.Errorf("row %d: %w", number+1, err)
		}
		table.Write(row)
		table.WriteByte('\n')
	}
	return os.WriteFile(path, table.Bytes(), 0o644)
}
