-- other white space, keywords, quotes; the same schema
create table "users" (
    "id" integer  primary key,
    name text default 'x',
    n integer check ( "n">0 ),
    boss integer references users (id)
);
create index users_name on users ("name") where n>1;
