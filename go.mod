module github.com/gabion-security/gabion

go 1.26.0
