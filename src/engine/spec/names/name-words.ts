/** Words of random box names: none mocks, judges or offends with any surname. */
export const ADJECTIVES = `
able agile airy alert amber ample apt azure balmy bold brave breezy bright brisk calm candid
careful cheery civil clear clever cosmic cosy crisp curious deft eager early earnest easy elegant
exact fair fleet fluent fond frank fresh gentle genuine glad golden graceful grand handy happy
hardy hearty honest humble jolly keen kind lively logical loyal lucid lucky mellow merry mild
modest neat nimble noble patient placid plucky polite proud quick quiet ready robust serene sharp
silent silver smooth sober solid spry stable steady sunny swift tidy tranquil trusty upbeat valiant
vivid warm wise witty zesty
`
  .trim()
  .split(/\s+/);

/** People who advanced computing, mathematics or science. */
export const SURNAMES = `
abel adleman aho allen ampere archimedes avogadro babbage backus bardeen bartik bell
bernoulli bohr boole borg brahe brattain bush carson cauchy cerf chomsky church clarke codd conway
copernicus cray curie dahl dalton darwin davies dekker descartes diffie dijkstra dirac easley
eckert einstein elion engelbart erdos euclid euler faraday fermat feynman fibonacci floyd fourier
franklin galileo galois gauss germain goldberg gosper gray halley hamilton hamming heaviside
hellman hertz herschel hilbert hoare holberton hopper huffman huygens hypatia iverson johnson joule
kahn karp kay kepler kernighan kilby kleene knuth kolmogorov lamarr lamport lampson laplace leibniz
liskov lovelace maxwell mccarthy meitner mendel merkle milner moore morse naur newell newton noether
noyce nygaard pascal pasteur perlis perlman planck poincare postel ramanujan ritchie rivest sagan
shamir shannon shockley simon spence strachey tarjan tesla thompson turing
vaughan volta wiener wilkes wilkinson wirth yao zuse
`
  .trim()
  .split(/\s+/);
