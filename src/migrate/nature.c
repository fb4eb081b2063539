#include "migrate/steps.h"

#include "schema/tokenize.h"

/* The first tokens of a statement. */
struct head {
    struct keel__token tokens[8];
    size_t count; /* all that there are, when below 8 */
};

static void read_head(struct head *head, struct keel_slice sql, enum keel_dialect dialect)
{
    struct keel__tokenizer tokenizer;
    keel__tokenizer_init(&tokenizer, sql, dialect, 1);
    for (head->count = 0; head->count < 8; head->count++) {
        struct keel__token *token = &head->tokens[head->count];
        if (keel__token_next(&tokenizer, token, NULL) || token->kind == KEEL__TOKEN_END)
            break;
    }
}

/* Whether the statement's word at index is one of words, which are parted by blanks. */
static bool word_is(const struct head *head, size_t index, const char *words)
{
    char word[24];
    if (index >= head->count)
        return false;
    while (*words) {
        size_t n = strcspn(words, " ");
        if (n < sizeof word) {
            memcpy(word, words, n);
            word[n] = 0;
            if (keel__token_is_word(&head->tokens[index], word))
                return true;
        }
        words += n;
        words += strspn(words, " ");
    }
    return false;
}

/* BEGIN or COMMIT and nothing but words that change nothing for us. */
static bool is_plain(const struct head *head, size_t from, const char *words)
{
    return head->count == from || (head->count == from + 1 && word_is(head, from, words)) ||
           (head->count == from + 2 && word_is(head, from, words) &&
            word_is(head, from + 1, words));
}

static bool transaction_nature(const struct head *head, struct keel__nature *nature)
{
    if (word_is(head, 0, "BEGIN")) {
        nature->kind = is_plain(head, 1, "WORK TRANSACTION DEFERRED IMMEDIATE EXCLUSIVE")
                           ? KEEL__BEGINS
                           : KEEL__ENDS;
    } else if (word_is(head, 0, "START") && word_is(head, 1, "TRANSACTION")) {
        nature->kind = is_plain(head, 2, "") ? KEEL__BEGINS : KEEL__ENDS;
    } else if (word_is(head, 0, "COMMIT END")) {
        nature->kind = is_plain(head, 1, "WORK TRANSACTION") ? KEEL__COMMITS : KEEL__ENDS;
    } else if (word_is(head, 0, "ROLLBACK")) {
        bool to = word_is(head, 1, "TO") ||
                  (word_is(head, 1, "WORK TRANSACTION") && word_is(head, 2, "TO"));
        nature->kind = to ? KEEL__SAVES : KEEL__ENDS;
    } else if (word_is(head, 0, "SAVEPOINT RELEASE")) {
        nature->kind = KEEL__SAVES;
    } else {
        return false;
    }
    return true;
}

static void sqlite_nature(const struct head *head, struct keel__nature *nature)
{
    bool alter = word_is(head, 0, "ALTER") && word_is(head, 1, "TABLE");
    if (word_is(head, 0, "PRAGMA VACUUM ATTACH DETACH")) {
        nature->kind = KEEL__ALONE;
        nature->is_session = word_is(head, 0, "PRAGMA ATTACH DETACH");
        nature->rebuilds = word_is(head, 0, "PRAGMA") && word_is(head, 1, "FOREIGN_KEYS");
    } else if (word_is(head, 0, "DROP") && word_is(head, 1, "TABLE")) {
        nature->rebuilds = true;
    } else if (alter) {
        for (size_t i = 3; i + 1 < head->count; i++)
            if (word_is(head, i, "RENAME") && word_is(head, i + 1, "TO"))
                nature->rebuilds = true;
    }
}

static void postgres_nature(const struct head *head, struct keel__nature *nature)
{
    if (word_is(head, 0, "ABORT") ||
        (word_is(head, 0, "PREPARE") && word_is(head, 1, "TRANSACTION")))
        nature->kind = KEEL__ENDS;
    else if (word_is(head, 0, "DISCARD DEALLOCATE"))
        nature->kind = KEEL__FORBIDDEN;
    nature->is_session = word_is(head, 0, "SET RESET");
}

struct keel__nature keel__statement_nature(struct keel_slice sql, enum keel_dialect dialect)
{
    struct keel__nature nature = {.kind = KEEL__ORDINARY};
    struct head head;
    read_head(&head, sql, dialect);
    if (!transaction_nature(&head, &nature)) {
        if (dialect == KEEL_SQLITE)
            sqlite_nature(&head, &nature);
        else
            postgres_nature(&head, &nature);
    }
    return nature;
}
