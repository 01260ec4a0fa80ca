package exception

// Severity says how much a problem weighs.
type Severity string

// The severities, heaviest first.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Rule is something that may be wrong with an exception.
type Rule struct {
	// ID never changes.
	ID       string
	Severity Severity
	// Title says what is wrong, without the details.
	Title string
}

// The rules.
var (
	expired          = Rule{"expired", Error, "it has ended, and covers nothing any more"}
	neverCovers      = Rule{"never-covers", Error, "containers are named, and a control that only the pod as a whole can fail"}
	neverStated      = Rule{"never-stated", Error, "a value with which no pod fails the control"}
	capabilityPrefix = Rule{"capability-prefix", Error, "a capability is written with CAP_, as no pod writes it"}
	expiresSoon      = Rule{"expires-soon", Warning, "it ends within 14 days"}
	neverExpires     = Rule{"never-expires", Warning, "it has no end"}
	noOwner          = Rule{"no-owner", Warning, "nobody answers for it"}
	everyNamespace   = Rule{"every-namespace", Warning, "it counts in every namespace, or in every one without some label, so that nothing protects it"}
	shadowed         = Rule{"shadowed", Warning, "another exception covers all that it covers"}
	unused           = Rule{"unused", Warning, "it covers nothing of what it was held against"}
	broader          = Rule{"broader", Warning, "a part of it was used by nothing that it was held against"}
	stillForbidden   = Rule{"still-forbidden", Warning, "the API server's own plugin, which knows no exceptions, forbids by a namespace's labels what it covers"}
	anyValue         = Rule{"any-value", Info, "any value is excepted where few were used"}
	namespaceOnly    = Rule{"namespace-only", Info, "what narrows it is chosen by whoever writes the pod, so that only the namespace protects it"}
)

// Rules returns all rules, the heaviest first.
func Rules() []Rule {
	return []Rule{
		expired, neverCovers, neverStated, capabilityPrefix,
		expiresSoon, neverExpires, noOwner, everyNamespace, shadowed, unused, broader, stillForbidden,
		anyValue, namespaceOnly,
	}
}

// Problem is something that is wrong with an exception.
type Problem struct {
	Rule
	// Exception is the one that it is wrong with.
	Exception *Exception
	// Path is where in the exception, empty for all of it.
	Path string
	// Message says in a sentence what is wrong, Fix what to do about it.
	Message, Fix string
}
