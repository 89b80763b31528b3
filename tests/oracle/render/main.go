// Answers the rows of the table of rendered charts with what Helm 3 and Helm 4 print.
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
	"strings"

	yaml "sigs.k8s.io/yaml"
)

// A row: its input, and under "helm3" and "helm4" what was answered.
type row map[string]any

// The answer of one Helm: {"ok": …} or {"error": …}.
func answer(text, notes string, err error) row {
	if err != nil {
		return row{"error": ends(err.Error())}
	}
	out := row{"ok": text}
	if notes != "" {
		out["notes"] = notes
	}
	return out
}

// Both ends of a text that is too long for a table.
func ends(text string) string {
	const end = 1000
	if len(text) <= 4*end {
		return text
	}
	return fmt.Sprintf("%s … %d bytes … %s", text[:end], len(text), text[len(text)-end:])
}

func main() {
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	for _, path := range os.Args[1:] {
		if err := rewrite(path); err != nil {
			fmt.Fprintln(os.Stderr, path, err)
			os.Exit(1)
		}
	}
}

func rewrite(path string) error {
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
		r["helm3"] = settled(r, answer3)
		r["helm4"] = settled(r, answer4)
		if err := encoder.Encode(r); err != nil {
			return err
		}
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// Asks twice: what Go leaves to chance is no answer.
func settled(r row, ask func(row) row) row {
	first := ask(r)
	for i := 0; i < 5; i++ {
		if next := ask(r); fmt.Sprint(next) != fmt.Sprint(first) {
			return row{"chance": true}
		}
	}
	return first
}

func str(r row, key string) string { s, _ := r[key].(string); return s }

func strs(r row, key string) []string {
	var out []string
	list, _ := r[key].([]any)
	for _, x := range list {
		out = append(out, x.(string))
	}
	return out
}

// The files of a row: {path: text}. A chart that is not said to be otherwise has a plain Chart.yaml.
func files(r row) map[string]string {
	out := map[string]string{"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n"}
	list, _ := r["files"].(map[string]any)
	for name, text := range list {
		out[name] = text.(string)
	}
	return out
}

func user(r row) map[string]any {
	m := map[string]any{}
	if err := yaml.Unmarshal([]byte(str(r, "user")), &m); err != nil {
		panic(err)
	}
	return m
}

func kube(r row) string {
	if version := str(r, "kube"); version != "" {
		return version
	}
	return "v1.33.4"
}

func name(r row) string {
	if name := str(r, "release"); name != "" {
		return name
	}
	return "rel"
}

func namespace(r row) string {
	if name := str(r, "namespace"); name != "" {
		return name
	}
	return "ns"
}

func printed(manifest string, hooks []string) string {
	return strings.TrimSpace(manifest) + "\n" + strings.Join(hooks, "")
}
