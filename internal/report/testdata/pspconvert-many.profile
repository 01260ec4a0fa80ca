# A pod meets this exactly if PodSecurityPolicy a\x1b[31m\a\u202e\nPASS\xff<b>& (a\x1b[31m\a\u202e\nPASS\xff<b>&:1) admits it unchanged.
apiVersion: gabion.io/v1alpha1
kind: PodSecurityProfile
metadata:
  name: loud
spec:
  base:
    level: baseline
---
# A pod meets this exactly if PodSecurityPolicy profiled (b.yaml:1) admits it unchanged.
apiVersion: gabion.io/v1alpha1
kind: PodSecurityProfile
metadata:
  name: loud
spec:
  base:
    level: baseline
