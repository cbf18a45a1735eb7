// Go. usage: peer-go CASE …; echo PORT is a server. GOMAXPROCS is the environment's.
package main

import (
	"fmt"
	"math/rand"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const peer = "go"

func num(i int, def int) int {
	if len(os.Args) <= i {
		return def
	}
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		panic(err)
	}
	return n
}

func emit(c, metric string, v float64, unit string) {
	fmt.Printf("%s %s %s %.3f %s\n", c, peer, metric, v, unit)
}

func rss() float64 {
	b, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kb * 1024
}

func cpu() float64 {
	var r syscall.Rusage
	syscall.Getrusage(0, &r)
	return float64(r.Utime.Nano() + r.Stime.Nano())
}

func main() {
	switch os.Args[1] {
	case "yield":
		n, m := num(2, 1000), num(3, 10000)
		var wg sync.WaitGroup
		wg.Add(n)
		start := make(chan struct{})
		for i := 0; i < n; i++ {
			go func() {
				<-start
				for j := 0; j < m; j++ {
					runtime.Gosched()
				}
				wg.Done()
			}()
		}
		runtime.Gosched()
		t := time.Now()
		close(start)
		wg.Wait()
		emit("yield/"+strconv.Itoa(n), "ns", float64(time.Since(t))/float64(n*m), "ns")
	case "spawn":
		n := num(2, 1000000)
		var wg sync.WaitGroup
		t := time.Now()
		wg.Add(n)
		for i := 0; i < n; i++ {
			go wg.Done()
		}
		wg.Wait()
		emit("spawn/"+strconv.Itoa(n), "ns", float64(time.Since(t))/float64(n), "ns")
	case "spawn-each":
		n := num(2, 1000000)
		t := time.Now()
		for i := 0; i < n; i++ {
			done := make(chan struct{})
			go close(done)
			<-done
		}
		emit("spawn-each", "ns", float64(time.Since(t))/float64(n), "ns")
	case "memory":
		how, n := os.Args[2], num(3, 100000)
		var parked atomic.Int64
		block := make(chan struct{})
		before := rss()
		for i := 0; i < n; i++ {
			go func() {
				parked.Add(1)
				switch how {
				case "sleeping":
					time.Sleep(time.Hour)
				default:
					<-block
				}
			}()
		}
		for parked.Load() < int64(n) {
			runtime.Gosched()
		}
		time.Sleep(50 * time.Millisecond)
		emit("memory-"+how+"/"+strconv.Itoa(n), "bytes", (rss()-before)/float64(n), "B")
	case "pingpong":
		n := num(2, 1000000)
		a, b := make(chan int, 1), make(chan int, 1)
		t := time.Now()
		go func() {
			for v := range a {
				b <- v
			}
		}()
		for i := 0; i < n; i++ {
			a <- i
			if <-b != i {
				panic("wrong")
			}
		}
		emit("pingpong", "ns", float64(time.Since(t))/float64(n), "ns")
	case "ring":
		n, hops := num(2, 1000), num(3, 10000000)
		first := make(chan int, 1)
		in := first
		for i := 1; i < n; i++ {
			out := make(chan int, 1)
			go func(in, out chan int) {
				for v := range in {
					out <- v - 1
				}
			}(in, out)
			in = out
		}
		t := time.Now()
		first <- hops
		for v := range in {
			if v < n {
				break
			}
			first <- v - 1
		}
		emit("ring/"+strconv.Itoa(n), "ns", float64(time.Since(t))/float64(hops), "ns")
	case "timers":
		n, secs := num(2, 100000), num(3, 4)
		var fires, late atomic.Int64
		var wg sync.WaitGroup
		wg.Add(n)
		end := time.Now().Add(time.Duration(secs) * time.Second)
		for i := 0; i < n; i++ {
			go func(seed int64) {
				rng := uint64(seed)*0xBF58476D1CE4E5B9 ^ 0x9E3779B97F4A7C15
				now := time.Now()
				for now.Before(end) {
					rng ^= rng << 13
					rng ^= rng >> 7
					rng ^= rng << 17
					d := time.Duration(1+rng%1000) * time.Millisecond
					due := now.Add(d)
					time.Sleep(d)
					now = time.Now()
					fires.Add(1)
					late.Add(int64(now.Sub(due) / time.Microsecond))
				}
				wg.Done()
			}(rand.Int63() + 1)
		}
		c := cpu()
		wg.Wait()
		k, f := "timers/"+strconv.Itoa(n), float64(fires.Load())
		emit(k, "cpu_per_fire", (cpu()-c)/f, "ns")
		emit(k, "lateness", float64(late.Load())/f, "us")
	case "echo":
		l, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
		if err != nil {
			panic(err)
		}
		for {
			c, err := l.Accept()
			if err != nil {
				panic(err)
			}
			go func() {
				buf := make([]byte, 1024)
				for {
					n, err := c.Read(buf)
					if err != nil {
						c.Close()
						return
					}
					if _, err = c.Write(buf[:n]); err != nil {
						return
					}
				}
			}()
		}
	default:
		panic("no case " + os.Args[1])
	}
}
