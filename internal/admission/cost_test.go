package admission

import (
	"fmt"
	"testing"
	"time"

	"github.com/gabion-security/gabion/pss"
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

func TestOldAnnotationsOfManyContainersTakeTimeByTheirNumber(t *testing.T) {
	t.Parallel()
	growsWithItsSize(t, 200, func(size int) func() {
		var pod pss.Pod
		for i := range size {
			name := fmt.Sprintf("%06d", i)
			pod.Containers = append(pod.Containers, pss.Container{Name: "x" + name, Kind: pss.RegularContainer, Index: i})
			pod.Annotations = append(pod.Annotations, pss.Annotation{Key: pss.SeccompContainerAnnotationPrefix + name, Value: "unconfined"})
		}
		return func() {
			v, err := pss.Evaluator{}.Evaluate(&pod, pss.LevelVersion{Level: pss.Baseline, Version: pss.V1(18)})
			if err != nil || !v.Allowed() {
				t.Errorf("failed %v, %v", v.Failed(), err)
			}
		}
	})
}
