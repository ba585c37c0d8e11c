" SPDX-License-Identifier: ISC
" Hurl flows: requests, sections, queries, predicates, placeholders.
if exists("b:current_syntax")
  finish
endif

syntax match hurlComment /#.*$/
syntax match hurlMethod /^[A-Z]\+\ze\s/
syntax match hurlVersion /^HTTP\(\/[0-9.]\+\)\?\ze\s/
syntax match hurlStatus /\(^HTTP\(\/[0-9.]\+\)\?\s\+\)\@<=\(\d\+\|\*\)/
syntax match hurlSection /^\[[A-Za-z]\+\]/
syntax match hurlKey /^[A-Za-z0-9_.-]\+\ze\s*:/
syntax match hurlAssert /^\(status\|version\|url\|header\|cookie\|body\|xpath\|jsonpath\|regex\|variable\|duration\|bytes\|rawbytes\|sha256\|md5\|certificate\|ip\|redirects\)\>/
syntax match hurlPredicate /\<\(not\|contains\|includes\|matches\|exists\|startsWith\|endsWith\|is[A-Z][A-Za-z0-9]\+\)\>/
syntax match hurlOperator /\s\(==\|!=\|>=\|<=\|>\|<\)\s/
syntax region hurlString start=/"/ skip=/\\./ end=/"/ oneline
      \ contains=hurlPlaceholder
syntax region hurlFence start=/^```/ end=/```/ contains=hurlPlaceholder
syntax match hurlPlaceholder /{{[^}]*}}/

highlight default link hurlComment Comment
highlight default link hurlMethod Statement
highlight default link hurlVersion Statement
highlight default link hurlStatus Number
highlight default link hurlSection Type
highlight default link hurlKey Identifier
highlight default link hurlAssert Function
highlight default link hurlPredicate Keyword
highlight default link hurlOperator Operator
highlight default link hurlString String
highlight default link hurlFence String
highlight default link hurlPlaceholder Special

let b:current_syntax = "hurl"
