// Times simdjson's DOM parse of each file, in CPU time of this thread: the yardstick of injection-bench.
//
//     parse DIRECTORY SECONDS    one line per NAME.json: name, bytes, ns
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <simdjson.h>
#include <string>
#include <vector>

static double cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    std::cerr << "usage: parse DIRECTORY SECONDS\n";
    return 64;
  }
  const double seconds = std::stod(argv[2]);
  std::vector<std::filesystem::path> files;
  for (const auto &entry : std::filesystem::directory_iterator(argv[1])) {
    if (entry.path().extension() == ".json" && entry.path().stem() != "review") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto &path : files) {
    const simdjson::padded_string text = simdjson::padded_string::load(path.string());
    simdjson::dom::parser parser;
    std::vector<double> slices;
    size_t calls = 1;
    const double end = cpu_time() + seconds * 1e9;
    while (cpu_time() < end || slices.size() < 5) {
      const double start = cpu_time();
      for (size_t call = 0; call < calls; call++) {
        simdjson::dom::element root;
        if (const auto error = parser.parse(text).get(root)) {
          std::cerr << path << ": " << error << "\n";
          return 1;
        }
      }
      const double spent = cpu_time() - start;
      if (spent < 5e6) {
        calls *= 2;
      } else {
        slices.push_back(spent / calls);
      }
    }
    std::sort(slices.begin(), slices.end());
    std::cout << path.stem().string() << "\t" << text.size() << "\t" << (long)slices[slices.size() / 2] << "\n";
  }
}
