package admission

import (
	"testing"
	"time"
)

// growsWithItsSize fails if something costs far more for one of 32 times the size than
// for 32 of the size, as it does if it grows with the square. Else both take about as
// long, so that a busy machine delays both; and of some attempts the shortest count.
func growsWithItsSize(t *testing.T, size int, of func(size int) (run func())) {
	t.Helper()
	const times, margin, few, enough = 32, 16, 3, 10
	small, large := of(size), of(times*size)
	many, one := time.Hour, time.Hour
	for attempt := range enough {
		start := time.Now()
		for range times {
			small()
		}
		many = min(many, time.Since(start))
		start = time.Now()
		large()
		if one = min(one, time.Since(start)); attempt+1 >= few && one < margin*many {
			return
		}
	}
	t.Errorf("%d times %d take %v, and %d take %v", times, size, many, times*size, one)
}
