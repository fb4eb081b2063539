CREATE TABLE Users (Id INTEGER PRIMARY KEY, Email TEXT CHECK (Email <> ''));
CREATE INDEX Users_Email ON Users (Email);
INSERT INTO Users VALUES (1, 'x');
