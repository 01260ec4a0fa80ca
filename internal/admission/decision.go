package admission

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gabion-security/gabion/pss"
)

// Decision is the answer to one [Request]. It is a value: it shares nothing with
// other decisions and may be changed.
type Decision struct {
	Allowed bool
	// Code, Reason, Message and Details are the status of a request that is not
	// allowed, in the words of the Kubernetes API.
	Code    int32
	Reason  string
	Message string
	Details Details
	// Warnings are for the client, also if the request is not allowed.
	Warnings []string
	// Annotations are for the audit log, sorted by key, without a prefix.
	Annotations []Annotation
	// Patch changes the object of a request that asks for that: a JSON patch; nil
	// if nothing is to be changed.
	Patch []byte
	// Err is the fault behind an "error" annotation, whole and unescaped, for
	// the log; nil if there was none, or none but what the annotation says.
	Err error
}

// Details say what a status is about. The zero Details say nothing, and are left
// out of an answer.
type Details struct {
	Group, Kind, Name string
	Causes            []Cause
}

// Cause is one cause of a status.
type Cause struct{ Type, Message, Field string }

// Annotation is one annotation for the audit log.
type Annotation struct{ Key, Value string }

// The keys of annotations.
const (
	AuditViolationsKey = "audit-violations"
	EnforcePolicyKey   = "enforce-policy"
	ErrorKey           = "error"
	// ExceptionsKey names the exceptions that were used, with their controls.
	ExceptionsKey = "exceptions"
	ExemptKey     = "exempt"
	// FilledKey names the labels that a new namespace has got.
	FilledKey = "filled-labels"
	// WeakeningKey says what of a namespace is weakened, and WeakenRightKey
	// whether somebody has used the right to do so, lacks it, or could not be
	// asked about.
	WeakeningKey   = "weakening"
	WeakenRightKey = "weaken-right"
)

// The reasons of a status.
const (
	reasonBadRequest    = "BadRequest"
	reasonForbidden     = "Forbidden"
	reasonInvalid       = "Invalid"
	reasonInternalError = "InternalError"
)

// allow lets the request pass and says nothing of it.
func allow() Decision { return Decision{Allowed: true} }

// allowWith lets the request pass with an annotation.
func allowWith(key, value string) Decision {
	return Decision{Allowed: true, Annotations: []Annotation{{key, value}}}
}

// allowDespite lets the request pass although it could not be judged.
func allowDespite(what string, err error) Decision {
	d := allowWith(ErrorKey, what+": "+sentence(err.Error()))
	d.Err = err
	return d
}

// refuse is the status for a request that could not be judged. The error may be
// nil, if the message says it all.
func refuse(code int32, reason, message string, err error) Decision {
	text := message
	if err != nil {
		text += ": " + sentence(err.Error())
	}
	return Decision{
		Code: code, Reason: reason, Message: message,
		Annotations: []Annotation{{ErrorKey, text}}, Err: err,
	}
}

// badRequest refuses an object that cannot be read.
func badRequest(message string, err error) Decision {
	return refuse(http.StatusBadRequest, reasonBadRequest, message, err)
}

// internalError refuses a request because of a fault on this side.
func internalError(message string, err error) Decision {
	d := refuse(http.StatusInternalServerError, reasonInternalError, "Internal error occurred: "+message, err)
	d.Details.Causes = []Cause{{Message: message}}
	return d
}

// forbid refuses a pod that violates what the texts say together.
func forbid(req *Request, violated ...string) Decision {
	texts := [8]string{podsResource}
	message := texts[:1]
	if req.Name != "" {
		message = append(message, " ", quote(req.Name))
	}
	message = append(append(message, " is forbidden: violates "), violated...)
	return Decision{
		Code: http.StatusForbidden, Reason: reasonForbidden,
		Message: strings.Join(message, ""),
		Details: Details{Kind: podsResource, Name: req.Name},
	}
}

// invalid refuses a namespace because of its labels.
func invalid(req *Request, errs pss.LabelErrors) Decision {
	errs = cutValues(errs)
	causes := make([]Cause, len(errs))
	for i, e := range errs {
		causes[i] = Cause{
			Type:    "FieldValueInvalid",
			Message: "Invalid value: " + strconv.Quote(e.Value) + ": " + e.Message,
			Field:   "metadata.labels[" + e.Key + "]",
		}
	}
	return Decision{
		Code: http.StatusUnprocessableEntity, Reason: reasonInvalid,
		Message: printable(req.Kind) + " " + quote(req.Name) + " is invalid: " + errs.Error(),
		Details: Details{Kind: req.Kind, Name: req.Name, Causes: causes},
	}
}
