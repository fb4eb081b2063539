SELECT E'a\';' -- c
 'b\'', U&'x' UESCAPE '!', U&"d;", B'1', N'y', x'00';
DO $a1$ ; $$ ; $a1$; SELECT a$b$c, $1;
