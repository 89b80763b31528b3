// Command sprig answers the questions of the tables of aurak-sprig with the real functions.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"text/template"
	"unicode/utf8"

	"github.com/Masterminds/sprig/v3"

	"aurak/oracle/template/chartutil"
)

// row is a question, with the answer if it was given already.
type row struct {
	Template string          `json:"template"`
	Data     json.RawMessage `json:"data,omitempty"`
	Want     *string         `json:"want,omitempty"`
	WantHex  string          `json:"want_hex,omitempty"`
	Error    string          `json:"error,omitempty"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (r *row) answer() {
	r.Want, r.WantHex, r.Error = nil, "", ""
	text, err := r.ask()
	switch {
	case err != nil:
		r.Error = err.Error()
	case utf8.ValidString(text):
		r.Want = &text
	default:
		r.WantHex = hex.EncodeToString([]byte(text))
	}
}

func (r *row) ask() (string, error) {
	t, err := template.New("t").Funcs(sprig.TxtFuncMap()).Option("missingkey=zero").Parse(r.Template)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = t.Execute(&out, decode(r.Data))
	return out.String(), err
}

func decode(text json.RawMessage) interface{} {
	if len(text) == 0 {
		return nil
	}
	var description interface{}
	check(json.Unmarshal(text, &description))
	return build(description)
}

// build makes the Go value that a description stands for, as the oracle of templates does: plain JSON
// is itself, an object with a "$" names a type and has the value in "v".
func build(description interface{}) interface{} {
	switch d := description.(type) {
	case []interface{}:
		list := make([]interface{}, len(d))
		for i, item := range d {
			list[i] = build(item)
		}
		return list
	case map[string]interface{}:
		if kind, typed := d["$"].(string); typed {
			return buildTyped(kind, d["v"])
		}
		m := make(map[string]interface{}, len(d))
		for key, item := range d {
			m[key] = build(item)
		}
		return m
	}
	return description
}

func buildTyped(kind string, v interface{}) interface{} {
	text, _ := v.(string)
	integer := func() int64 { n, err := strconv.ParseInt(text, 10, 64); check(err); return n }
	switch kind {
	case "standard":
		text, err := os.ReadFile("../../../providers/helm/sprig/tests/tables/standard.json")
		check(err)
		return decode(text)
	case "int":
		return int(integer())
	case "int8":
		return int8(integer())
	case "int32":
		return int32(integer())
	case "int64":
		return integer()
	case "uint8":
		return uint8(integer())
	case "uint64":
		n, err := strconv.ParseUint(text, 10, 64)
		check(err)
		return n
	case "float32":
		x, err := strconv.ParseFloat(text, 32)
		check(err)
		return float32(x)
	case "float64":
		x, err := strconv.ParseFloat(text, 64)
		check(err)
		return x
	case "hex":
		b, err := hex.DecodeString(text)
		check(err)
		return string(b)
	case "bytes":
		b, err := hex.DecodeString(text)
		check(err)
		return b
	case "[]string":
		list := []string{}
		for _, item := range v.([]interface{}) {
			list = append(list, item.(string))
		}
		return list
	case "[]int":
		list := []int{}
		for _, item := range v.([]interface{}) {
			list = append(list, int(item.(float64)))
		}
		return list
	case "map[string]string":
		m := map[string]string{}
		for key, item := range v.(map[string]interface{}) {
			m[key] = item.(string)
		}
		return m
	case "Values":
		return chartutil.Values(build(v).(map[string]interface{}))
	case "nilmap":
		return map[string]interface{}(nil)
	case "nillist":
		return []interface{}(nil)
	case "nilstrings":
		return []string(nil)
	}
	panic("no such type: " + kind)
}

func line(r *row) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	check(encoder.Encode(r))
	return out.Bytes()
}

func rewrite(path string) {
	text, err := os.ReadFile(path)
	check(err)
	var out bytes.Buffer
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		var r row
		if err := json.Unmarshal(scanner.Bytes(), &r); err != nil {
			check(fmt.Errorf("%s: %w: %s", path, err, scanner.Text()))
		}
		r.answer()
		out.Write(line(&r))
	}
	check(scanner.Err())
	check(os.WriteFile(path, out.Bytes(), 0o644))
}

func main() {
	switch {
	case len(os.Args) > 2 && os.Args[1] == "rewrite":
		for _, path := range os.Args[2:] {
			rewrite(path)
		}
	case len(os.Args) == 2 && os.Args[1] == "names":
		names := []string{}
		for name := range sprig.TxtFuncMap() {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			fmt.Println(name)
		}
	case len(os.Args) == 4 && os.Args[1] == "fuzz":
		seed, err := strconv.ParseUint(os.Args[2], 10, 64)
		check(err)
		count, err := strconv.Atoi(os.Args[3])
		check(err)
		fuzz(seed, count)
	default:
		check(fmt.Errorf("usage: rewrite FILE... | names | fuzz SEED COUNT"))
	}
}
