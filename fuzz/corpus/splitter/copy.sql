COPY a (b, c)
FROM stdin;
1	2
\.
