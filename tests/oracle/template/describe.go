package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"aurak/oracle/template/chartutil"
)

// build makes the Go value that a description stands for. Plain JSON is what it is when a values
// file is read (numbers are float64); an object with a "$" names a type and has the value in "v".
func build(description interface{}) interface{} {
	switch d := description.(type) {
	case []interface{}:
		list := make([]interface{}, len(d))
		for i, item := range d {
			list[i] = build(item)
		}
		return list
	case map[string]interface{}:
		kind, typed := d["$"].(string)
		if !typed {
			m := make(map[string]interface{}, len(d))
			for key, item := range d {
				m[key] = build(item)
			}
			return m
		}
		return buildTyped(kind, d["v"])
	}
	return description
}

func buildTyped(kind string, v interface{}) interface{} {
	text, _ := v.(string)
	integer := func() int64 { n, err := strconv.ParseInt(text, 10, 64); check(err); return n }
	unsigned := func() uint64 { n, err := strconv.ParseUint(text, 10, 64); check(err); return n }
	float := func(bits int) float64 { x, err := strconv.ParseFloat(text, bits); check(err); return x }
	switch kind {
	case "standard":
		text, err := os.ReadFile("../../../providers/helm/gotemplate/tests/tables/standard.json")
		check(err)
		m := decode(text).(map[string]interface{})
		if without, ok := v.([]interface{}); ok {
			for _, key := range without {
				delete(m, key.(string))
			}
		}
		return m
	case "int":
		return int(integer())
	case "int8":
		return int8(integer())
	case "int16":
		return int16(integer())
	case "int32":
		return int32(integer())
	case "int64":
		return integer()
	case "uint":
		return uint(unsigned())
	case "uint8":
		return uint8(unsigned())
	case "uint16":
		return uint16(unsigned())
	case "uint32":
		return uint32(unsigned())
	case "uint64":
		return unsigned()
	case "float32":
		return float32(float(32))
	case "float64":
		return float(64)
	case "hex":
		b, err := hex.DecodeString(text)
		check(err)
		return string(b)
	case "bytes":
		b, err := hex.DecodeString(text)
		check(err)
		return b
	case "[]string":
		return strings_(v)
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
	case "map[string]int":
		m := map[string]int{}
		for key, item := range v.(map[string]interface{}) {
			m[key] = int(item.(float64))
		}
		return m
	case "Values":
		return chartutil.Values(build(v).(map[string]interface{}))
	case "VersionSet":
		return chartutil.VersionSet(strings_(v))
	case "KubeVersion":
		return &chartutil.KubeVersion{Version: text, Major: "1", Minor: "36"}
	case "nilKubeVersion":
		return (*chartutil.KubeVersion)(nil)
	case "Metadata":
		return chartutil.Metadata{Name: text, Version: "1.2.3", Keywords: []string{"a", "b"}}
	case "*Metadata":
		return &chartutil.Metadata{Name: text, Version: "1.2.3", Keywords: []string{"a", "b"}}
	case "Seconds":
		return chartutil.Seconds(integer())
	case "Level":
		return chartutil.Level(integer())
	case "nilmap":
		return map[string]interface{}(nil)
	case "nillist":
		return []interface{}(nil)
	case "nilstrings":
		return []string(nil)
	case "func":
		return func(a int, b string) string { return fmt.Sprint(a, b) }
	case "funcs":
		return func(a ...string) int { return len(a) }
	}
	panic("no such type: " + kind)
}

func strings_(v interface{}) []string {
	list := []string{}
	for _, item := range v.([]interface{}) {
		list = append(list, item.(string))
	}
	return list
}

func decode(text json.RawMessage) interface{} {
	if len(text) == 0 {
		return nil
	}
	var description interface{}
	check(json.Unmarshal(text, &description))
	return build(description)
}
