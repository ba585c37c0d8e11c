" SPDX-License-Identifier: ISC
autocmd BufRead,BufNewFile *.hurl setfiletype hurl
