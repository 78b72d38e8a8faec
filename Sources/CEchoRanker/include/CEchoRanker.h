/// A ranker in another process that does next to nothing, for measuring what the way there and back costs.
///
/// Reads requests from standard input and answers each with the low 24 bits of the candidates' ids as scores. Asks for every
/// column. Returns 0 at the end of its input, 1 when something is wrong with what it reads or its output is closed.
int jamboree_echo_ranker(void);
