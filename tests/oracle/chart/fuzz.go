package main

import (
	"encoding/json"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
)

// Random rows for the tables that take short texts: pieces that mean something, put together at random.
func fuzz(folder string, seed int64, count int) error {
	random := rand.New(rand.NewSource(seed))
	text := func(pieces []string, most int) string {
		var out strings.Builder
		for range random.Intn(most) + 1 {
			out.WriteString(pieces[random.Intn(len(pieces))])
		}
		return out.String()
	}
	lines := []string{"a", "b", "=", "=", ".", ",", "[0]", "[1]", "[", "]", "{", "}", "\\", "1", "true", "null", "0", " ", "é", "-", "\"x\"", ":", "a=", "b[0].c="}
	values := []string{"a: ", "b: ", "sub: ", "global: ", "{a: 1}", "{a: null}", "{b: {a: null, c: 2}}", "null", "1", "x", "\n", "{sub: {a: 2}}", "{a: {c: {d: null}}}", "[1]"}
	documents := []string{"---", "\n", "\n", " ", "kind: Pod\n", "kind: Job\n", "#c\n", "\t", "\r\n", "x: 1\n", "--- ", "-"}
	rules := []string{"a", "b", "*", "?", "/", "!", "[", "]", "-", "^", "\\", ".", "\n", "#", "[a-c]", "*.b"}
	paths := []any{"a", "b/", "a/b", "a.b", "ab/", "a/b/c.b", ".a", "templates/.a", "[", "-", "c/a/"}
	make := map[string]func() row{
		"set.jsonl": func() row {
			modes := []string{"set", "string", "json", "file", "literal"}
			list := []any{text(lines, 9)}
			if random.Intn(2) == 0 {
				list = append(list, text(lines, 9))
			}
			return row{"mode": modes[random.Intn(len(modes))], "lines": list}
		},
		"sort.jsonl":   func() row { return row{"files": []any{[]any{"c/templates/a.yaml", text(documents, 9)}}} },
		"ignore.jsonl": func() row { return row{"rules": text(rules, 7), "paths": paths} },
		"coalesce.jsonl": func() row {
			yaml := func() string {
				var out []string
				for _, key := range []string{"a", "b", "sub", "global"} {
					if random.Intn(2) == 0 {
						out = append(out, key+": "+values[4+random.Intn(6)])
					}
				}
				return strings.Join(out, "\n")
			}
			head := "apiVersion: v2\nversion: 1.0.0\nname: "
			return row{"merge": random.Intn(4) == 0, "user": yaml(), "files": []any{
				[]any{"Chart.yaml", head + "top"}, []any{"values.yaml", yaml()},
				[]any{"charts/sub/Chart.yaml", head + "sub"}, []any{"charts/sub/values.yaml", yaml()},
				[]any{"charts/sub/charts/a/Chart.yaml", head + "a"}, []any{"charts/sub/charts/a/values.yaml", yaml()},
			}}
		},
	}
	for name, one := range make {
		file, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		encoder := json.NewEncoder(file)
		encoder.SetEscapeHTML(false)
		for range count {
			r := one()
			tables[name](r)
			if err := encoder.Encode(r); err != nil {
				return err
			}
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}
