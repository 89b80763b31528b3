module aurak/oracle/template

go 1.26
