package main

func fuzz(seed uint64, count int) []*row { return nil }
