// Package report holds the formats that Gabion writes for other programs against
// what those programs read by: SARIF against its published schema, reports for
// dashboards against their types and CustomResourceDefinitions, JUnit's XML
// against a reader of it, and the page against a browser. What is held against
// them are the goldens of internal/report and what the program says of all
// examples. It consists of tests only.
package report
