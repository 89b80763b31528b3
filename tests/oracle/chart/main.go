// Answers the rows of the tables of aurak-chart with what Helm 3 and Helm 4 do.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
)

// A row: its input, and under "helm3" and "helm4" what was answered.
type row map[string]any

// The answer of one Helm: {"ok": …} or {"error": …}.
func answer(ok any, err error) row {
	if err != nil {
		return row{"error": err.Error()}
	}
	return row{"ok": ok}
}

var tables = map[string]func(row){
	"set.jsonl":      answerSet,
	"ignore.jsonl":   answerIgnore,
	"coalesce.jsonl": answerCoalesce,
	"process.jsonl":  answerProcess,
	"sort.jsonl":     answerSort,
	"load.jsonl":     answerLoad,
	"files.jsonl":    answerFiles,
	"kube.jsonl":     answerKube,
}

func main() {
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	if os.Args[1] == "api-versions" {
		printVersions()
		return
	}
	if os.Args[1] == "fuzz" {
		seed, _ := strconv.ParseInt(os.Args[3], 10, 64)
		count, _ := strconv.Atoi(os.Args[4])
		if err := fuzz(os.Args[2], seed, count); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	for _, path := range os.Args[1:] {
		if err := rewrite(path, tables[filepath.Base(path)]); err != nil {
			fmt.Fprintln(os.Stderr, path, err)
			os.Exit(1)
		}
	}
}

func rewrite(path string, f func(row)) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, 1<<24)
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for scanner.Scan() {
		r := row{}
		if err := json.Unmarshal(scanner.Bytes(), &r); err != nil {
			return fmt.Errorf("%s: %w", scanner.Text(), err)
		}
		f(r)
		if err := encoder.Encode(r); err != nil {
			return err
		}
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

func str(r row, key string) string { s, _ := r[key].(string); return s }

// Numbers keep their type: an int64 is {"int64": "5"}.
func describe(v any) any {
	switch v := v.(type) {
	case int64:
		return map[string]any{"int64": fmt.Sprint(v)}
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = describe(x)
		}
		return out
	case []any:
		out := []any{}
		for _, x := range v {
			out = append(out, describe(x))
		}
		return out
	}
	return v
}
